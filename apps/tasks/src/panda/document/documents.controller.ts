import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message, Page } from '#bus/contract.js';
import {
  DescribeJobs,
  type DescribeJobsRequest,
  type DatasetsAndFilesRequest,
  GetDatasetsAndFiles,
  GetJobMetadata,
  GetJumboDatasets,
  GetParentDetailedInfo,
  GetTaskDetailedInfo,
  GetTaskDetails,
  GetTaskJobDescriptions,
  GetTaskJobIds,
  GetTaskParameters,
  GetTasksDetailedInfo,
  GetTasksModified,
  type JumboDatasetsRequest,
  type TaskDocumentRequest,
  type TaskDetailsRequest,
  type TaskJobsRequest,
  type TasksDetailedRequest,
  type TasksModifiedRequest,
} from '#contracts/panda/documents.js';
import { DocumentAnswers } from './document-answers.js';
import { describedJobs, jobMetadata, taskJobDescriptions } from './job-descriptions.js';
import { detailedTasks } from './detailed-tasks.js';
import {
  datasetsAndFiles,
  jumboDatasets,
  taskDetails,
  taskJobIds,
  taskParameters,
  tasksModified,
} from './task-details.js';
import { parentDetailedInfo, taskDetailedInfo } from './task-info.js';

/** Documents of tasks and jobs (contract 6.5, 6.10). */
@Controller()
export class DocumentsController {
  constructor(private readonly documents: DocumentAnswers) {}

  @MessagePattern(GetTaskDetails.subject)
  details(@Payload() message: Message<TaskDetailsRequest>): Promise<Answer<Page>> {
    return this.documents.answer(message, taskDetails);
  }

  @MessagePattern(GetTasksModified.subject)
  modified(@Payload() message: Message<TasksModifiedRequest>): Promise<Answer<Page>> {
    return this.documents.answer(message, tasksModified);
  }

  @MessagePattern(GetDatasetsAndFiles.subject)
  files(@Payload() message: Message<DatasetsAndFilesRequest>): Promise<Answer<Page>> {
    return this.documents.answer(message, datasetsAndFiles);
  }

  @MessagePattern(GetTaskJobIds.subject)
  jobIds(@Payload() message: Message<TaskDocumentRequest>): Promise<Answer<Page>> {
    return this.documents.answer(message, taskJobIds);
  }

  @MessagePattern(GetTaskParameters.subject)
  parameters(@Payload() message: Message<TaskDocumentRequest>): Promise<Answer<Page>> {
    return this.documents.answer(message, taskParameters);
  }

  @MessagePattern(GetTaskDetailedInfo.subject)
  info(@Payload() message: Message<TaskDocumentRequest>): Promise<Answer<Page>> {
    return this.documents.answer(message, taskDetailedInfo);
  }

  @MessagePattern(GetParentDetailedInfo.subject)
  parentInfo(@Payload() message: Message<TaskDocumentRequest>): Promise<Answer<Page>> {
    return this.documents.answer(message, parentDetailedInfo);
  }

  @MessagePattern(GetTasksDetailedInfo.subject)
  tasksInfo(@Payload() message: Message<TasksDetailedRequest>): Promise<Answer<Page>> {
    return this.documents.answer(message, detailedTasks);
  }

  @MessagePattern(GetTaskJobDescriptions.subject)
  jobDescriptions(@Payload() message: Message<TaskJobsRequest>): Promise<Answer<Page>> {
    return this.documents.answer(message, taskJobDescriptions);
  }

  @MessagePattern(GetJumboDatasets.subject)
  jumbo(@Payload() message: Message<JumboDatasetsRequest>): Promise<Answer<Page>> {
    return this.documents.answer(message, jumboDatasets);
  }

  @MessagePattern(DescribeJobs.subject)
  jobs(@Payload() message: Message<DescribeJobsRequest>): Promise<Answer<Page>> {
    return this.documents.answer(message, describedJobs);
  }

  @MessagePattern(GetJobMetadata.subject)
  metadata(@Payload() message: Message<TaskDocumentRequest>): Promise<Answer<Page>> {
    return this.documents.answer(message, jobMetadata);
  }
}
